/** Why a session or its tokens ended, as the audit trail and the metrics name it. */
export const END_REASONS = [
  "logout",
  "logout_all",
  "replaced",
  "user_request",
  "password_changed",
  "roles_changed",
  "disabled",
  "deleted",
  "revoked",
  "theft",
  "lost",
  "idle",
  "absolute",
  "too_many_sessions",
] as const;
export type EndReason = (typeof END_REASONS)[number];
