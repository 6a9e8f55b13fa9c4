// What kernel and page say to each other; the meaning of each field stands in shapes.py.
export type Status = "red" | "amber" | "grey" | "green";
export type Trust = "verified" | "unverified";
export interface Spark {
  line: string; older: string; cut: number | null; failed: number[];
  norm: number | null; alert: number | null; band: [number, number] | null; last: [number, number] | null;
}
export type WaitingKind = "to_retire" | "to_fix" | "red_unowned" | "meaning_changed" | "after_red" | "audit_old";
export interface SourceAge { schema: string; at: string | null; stale: boolean; promise: string }
export interface Tile {
  id: string; code: string; name: string; status: Status; state: Trust; owner: string | null; version: number;
  since: string | null; value: string; unit: string; exact: string; against: string; why: string; kept: string;
  band: string; target: string; meaning: string; audit: string; source: SourceAge; spark: Spark; how_to_read: string; methodology: string;
}
export interface ClockNow { last: string | null; late_at: string | null; rhythm: string; running: boolean }
export interface Oldest { schema: string; at: string; stale: boolean }
export interface Header {
  title: string; zone: string; at: string; you: string | null; operator: string; owner_signs: boolean;
  clock: ClockNow; oldest: Oldest | null; waiting: number;
}
export interface Wall { header: Header; order: string[]; tiles: Tile[] }
export interface Fields { owner: string; norm: string; alert: string; basis: string; target: string; due: string }
export interface StageNow { number: number; name: string; next: string }
export interface SourceRow {
  schema: string; tables: string[]; at: string | null; rhythm: string; promise: string; stale: boolean; trouble: string;
}
export interface ChangeLine { what: string; before: string; after: string }
export interface Change { at: string; who: string; how: string; lines: ChangeLine[]; why: string }
export interface Mark { index: number; kind: "meaning" | "owner"; words: string }
export interface Level { at: number; words: string }
export interface History {
  total: number; starts: string[]; values: (number | null)[]; status: string; origin: string; errors: Record<string, string>;
  low: number; high: number; steps: Level[]; days: [number, string][]; norm: Level | null; alert: Level | null;
  target: Level | null; band: [number, number] | null; band_words: string; marks: Mark[];
}
export interface Scale { by: number; decimals: number; unit: string }
export interface Rehearsed { sentence: string; status: string }
export interface AuditLine { on: string; verdict: string; words: string; why: string; report: string; present: boolean; answer: string }
export interface CountLine { period: string; value: string; source: string; who: string }
export interface Waiting { id: string; kind: WaitingKind; why: string; whom: string; since: string; command: string }
export interface Opened {
  tile: Tile; headline: string; period: string; period_word: string; computed: string | null; source_as_of: string | null;
  error: string; attempted: string | null; stage: StageNow; fields: Fields; changed_by: string; changed_at: string; meaning_hash: string; meaning_since: string;
  direction: string; trust_words: string; due_words: string; description: string; notes: string; sql: string;
  sources: SourceRow[]; scale: Scale; history: History; in_force: Rehearsed | null; changes: Change[]; audits: AuditLine[]; hand_counts: CountLine[];
}
export interface Refused { field: keyof Fields | ""; kind: string; rule: string; message: string }
