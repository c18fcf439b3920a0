/**
 * How sockets are made on both sides: after so many milliseconds without a byte the system asks whether the other end is still there. One
 * that has lost its network says nothing, and on a WebSocket nobody else need say anything for hours.
 */
export const KEPT_ALIVE = { keepAlive: true, keepAliveInitialDelay: 60_000 } as const;
