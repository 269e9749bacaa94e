import type { AuditVerdict, ChainedRecord, ChainPosition } from '@postern/server'
import { formatJsonLine, formatTable } from './format-table.ts'

/** A place in the chain as it is printed, and as `--expect-head` takes it. */
export function formatHead({ sequence, hash }: ChainPosition): string {
  return `${sequence}:${hash}`
}

/** Undefined when it is no head. */
export function parseHead(text: string): ChainPosition | undefined {
  const [, digits, hash] = /^(\d{1,15}):([0-9a-f]{64})$/i.exec(text.trim()) ?? []
  return digits === undefined || hash === undefined ? undefined : { sequence: Number(digits), hash: hash.toLowerCase() }
}

/** What `postern audit verify` says. */
export function formatVerdict({ count, first, head, broken }: AuditVerdict): string {
  const records = first === undefined ? 'No record' : `${count} records, ${first} to ${head.sequence},`
  if (broken) {
    const before = count === 0 ? '' : `${records} before it are as they were written.\n`
    return `BROKEN at ${broken.sequence}: ${broken.explanation}\n${before}`
  }
  const whole = first === undefined ? `${records} is kept.` : `${records} are as they were written.`
  return `${whole}\nHead ${formatHead(head)}\n`
}

/** What `postern audit list` prints: a line for each record, newest first. */
export function formatRecords(records: readonly ChainedRecord[]): string {
  const rows = records.map(({ sequence, record }) => [
    String(sequence),
    record.at.toISOString(),
    record.kind,
    record.result,
    record.principal,
    record.action,
    record.scope,
    record.source,
    describe(record),
  ])
  return formatTable(['SEQUENCE', 'TIME', 'KIND', 'RESULT', 'PRINCIPAL', 'ACTION', 'SCOPE', 'SOURCE', 'MORE'], rows)
}

/** One record as a JSON object on a line. */
export function formatJsonRecord({ sequence, hash, record }: ChainedRecord): string {
  return formatJsonLine({ sequence, hash, ...record })
}

function describe({ reason = '', stream }: ChainedRecord['record']): string {
  if (!stream) return reason
  const { bytesFromSender, bytesFromListener, durationMs, closeReason } = stream
  return `${bytesFromSender} B out, ${bytesFromListener} B back, ${durationMs} ms, ${closeReason}`
}
