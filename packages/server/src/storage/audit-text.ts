import { RelayError } from '@postern/protocol'
import { z } from 'zod'
import type { AuditRecord } from '../domain/audit-record.ts'
import type { ChainLink } from './audit-chain.ts'
import type { ChainedRecord } from './audit-store.ts'

/** The canonical text of a record, without its number: members in this order, absent ones left out. */
export function encodeAuditRecord(record: AuditRecord): string {
  const { kind, at, trackingId, principal, action, scope, result, reason, source, status, stream, call } = record
  return JSON.stringify({
    at,
    kind,
    trackingId,
    principal,
    action,
    scope,
    result,
    reason,
    source,
    status,
    stream: stream && {
      listener: stream.listener,
      target: stream.target,
      bytesFromSender: stream.bytesFromSender,
      bytesFromListener: stream.bytesFromListener,
      durationMs: stream.durationMs,
      closeReason: stream.closeReason,
    },
    call: call && {
      method: call.method,
      correlationId: call.correlationId,
      clientRequestId: call.clientRequestId,
    },
  })
}

/** @throws {RelayError} InternalError when the text is not that of a record */
export function decodeAuditRecord({ sequence, hash, text }: ChainLink): ChainedRecord {
  try {
    return { sequence, hash, record: recordSchema.parse(JSON.parse(text)) }
  } catch (cause) {
    const message = `Audit record ${sequence} cannot be read. \`postern audit verify\` says whether it was changed.`
    throw new RelayError('InternalError', { message, cause })
  }
}

const recordSchema = z.object({
  kind: z.enum(['management', 'decision', 'stream', 'signIn', 'audit']),
  at: z.iso.datetime().transform((text) => new Date(text)),
  trackingId: z.string(),
  principal: z.string(),
  action: z.string(),
  scope: z.string(),
  result: z.enum(['allowed', 'refused', 'succeeded', 'failed']),
  reason: z.string().exactOptional(),
  source: z.string(),
  status: z.number().exactOptional(),
  stream: z
    .object({
      listener: z.string(),
      target: z.string().exactOptional(),
      bytesFromSender: z.number(),
      bytesFromListener: z.number(),
      durationMs: z.number(),
      closeReason: z.string(),
    })
    .exactOptional(),
  call: z
    .object({
      method: z.string(),
      correlationId: z.string().exactOptional(),
      clientRequestId: z.string().exactOptional(),
    })
    .exactOptional(),
})
