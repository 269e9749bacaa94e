import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '@postern/protocol'
import { type ReadBodyOptions, readBody } from '../read-body.ts'

/** Reads the body of a form; undefined for a body of another type, a code for one that is too large or does not come. */
export async function readForm(
  request: IncomingMessage,
  options: ReadBodyOptions,
): Promise<URLSearchParams | ErrorCode | undefined> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return undefined
  const body = await readBody(request, options)
  return typeof body === 'string' ? body : new URLSearchParams(body.toString('utf8'))
}
