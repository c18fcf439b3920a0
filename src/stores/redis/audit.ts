import type { OperationInput } from "../operations.ts";
import { AUDIT_KINDS, type AuditRecord, readDetail } from "../records.ts";
import { metaKey } from "./keys.ts";
import { ALL_PARTITIONS, COMMON, partitionOf } from "./partition.ts";
import { integer, streamEntry, text, textOrAbsent, textOrNull, values, word } from "./reply.ts";
import { type RunScript, reads, writes } from "./script.ts";
import { RECORDS } from "./scripts/libraries.ts";

/** Entries that one script looks at: a search for one user's records takes several, so that none holds the server for long. */
const SCAN = 1_000;
/** Records written less than this (ms) after a listing began may hide earlier ones of other partitions; later ids come of a clock set back. */
const UNSETTLED = 1_000;

const WRITE = writes("audit", { uses: RECORDS, body: "record(input.kind, input)" });

/** Answers with records, where to go on (nothing: all were looked at), and the newest id that may have been given out by now. */
const PAGE = reads("audit-page", {
  body: `
local audit, entries = BASE .. 'audit', nil
if input.newestFirst then
  entries = redis.call('XREVRANGE', audit, input.from, '-', 'COUNT', input.scan)
else
  entries = redis.call('XRANGE', audit, input.from, '+', 'COUNT', input.scan)
end
local found = {}
for _, entry in ipairs(entries) do
  local sub = entry[2][8]
  if not input.sub or sub == input.sub then
    found[#found + 1] = { entry[1], entry[2], 1 + (redis.call('HGET', BASE .. 'audit-counts', entry[1]) or 0) }
    if #found == input.limit then break end
  end
end
local more = #entries == input.scan and #found < input.limit and entries[#entries][1]
return { found, more, WALL .. '-' .. (time[2] % 1000 * 1000 + 999) }`,
});

export async function audit(run: RunScript, { event }: OperationInput<"audit">): Promise<void> {
  const { kind, actor, sub, sid, address, detail } = event;
  const record = { sub: sub ?? undefined, sid: sid ?? undefined, address: address ?? undefined };
  const home = metaKey(sub === null ? COMMON : partitionOf(sub));
  await run(WRITE, home, { kind, actor, ...record, detail: JSON.stringify(detail) });
}

/** Where a record stands: a stream's id orders records of all partitions, the partition settles the rest. */
export interface Position {
  readonly milliseconds: number;
  readonly number: number;
  readonly partition: number;
}

interface Found {
  readonly position: Position;
  readonly record: AuditRecord;
}

export async function listAudit(
  run: RunScript,
  { after, limit, sub }: OperationInput<"listAudit">,
): Promise<readonly AuditRecord[]> {
  const partitions = sub === null ? ALL_PARTITIONS : [partitionOf(sub)];
  const start = after === null ? null : positionOf(after);
  const reads = await Promise.all(
    partitions.map((partition) => {
      const from = after === null ? "+" : start === null ? "-" : fromOf(start, partition);
      return search(run, partition, { from, limit, sub: sub ?? undefined, newestFirst: after === null });
    }),
  );
  const horizon = reads.map((read) => read.horizon).sort(compare)[0];
  const found = reads
    .flatMap((read) => read.found)
    .filter(({ position }) => horizon === undefined || isSettled(position, horizon))
    .sort((a, b) => compare(a.position, b.position));
  return (after === null ? found.slice(-limit) : found.slice(0, limit)).map(({ record }) => record);
}

/** The oldest records of all partitions, as positions. */
export async function oldestRecords(run: RunScript, limit: number): Promise<readonly Position[]> {
  const reads = await Promise.all(
    ALL_PARTITIONS.map((partition) => search(run, partition, { from: "-", limit, newestFirst: false })),
  );
  const positions = reads.flatMap((read) => read.found.map(({ position }) => position));
  return positions.sort(compare).slice(0, limit);
}

async function search(
  run: RunScript,
  partition: number,
  wanted: {
    readonly from: string;
    readonly limit: number;
    readonly sub?: string | undefined;
    readonly newestFirst: boolean;
  },
): Promise<{ readonly found: readonly Found[]; readonly horizon: Position }> {
  const found: Found[] = [];
  let horizon: Position | null = null;
  let from: string | null = wanted.from;
  while (from !== null) {
    const limit = wanted.limit - found.length;
    const scan = wanted.sub === undefined ? limit : SCAN;
    const [page, more, newest] = values(await run(PAGE, metaKey(partition), { ...wanted, from, limit, scan }));
    found.push(...values(page).map((entry) => foundOf(entry, partition)));
    horizon ??= parse(`${text(newest)}-${partition}`);
    const last = textOrNull(more);
    from = last === null ? null : `(${last}`;
  }
  if (horizon === null) throw new Error("a search for audit records begins somewhere");
  return { found, horizon };
}

function foundOf(reply: unknown, partition: number): Found {
  const [id, fields, count] = values(reply);
  const entry = streamEntry([id, fields]);
  const of = (name: string): string => text(entry.fields.get(name));
  const record: AuditRecord = {
    id: `${entry.id}-${partition}`,
    at: integer(of("at")),
    kind: word(of("kind"), AUDIT_KINDS),
    actor: of("actor"),
    sub: textOrAbsent(of("sub")),
    sid: textOrAbsent(of("sid")),
    address: textOrAbsent(of("address")),
    detail: readDetail(of("detail")),
    count: integer(count),
  };
  return { position: parse(record.id), record };
}

/** Null: none of ours; the trail is read from its start. */
const positionOf = (id: string): Position | null => (/^\d{1,15}-\d{1,15}-\d{1,2}$/.test(id) ? parse(id) : null);

function parse(id: string): Position {
  const [milliseconds = 0, number = 0, partition = 0] = id.split("-").map(Number);
  return { milliseconds, number, partition };
}

const compare = (a: Position, b: Position): number =>
  a.milliseconds - b.milliseconds || a.number - b.number || a.partition - b.partition;

/** The first id in `partition` behind a record of any. */
const fromOf = ({ milliseconds, number, partition: of }: Position, partition: number): string =>
  `${partition > of ? "" : "("}${milliseconds}-${number}`;

const isSettled = (position: Position, horizon: Position): boolean =>
  compare({ ...position, partition: 0 }, { ...horizon, partition: 0 }) <= 0 ||
  position.milliseconds > horizon.milliseconds + UNSETTLED;
