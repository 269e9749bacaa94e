import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '@postern/protocol'

export interface ReadFormOptions {
  readonly maxBytes: number
  /** For the whole body. */
  readonly timeoutMs: number
}

/** Reads the body of a form; undefined for a body of another type, a code for one that is too large or does not come. */
export function readForm(
  request: IncomingMessage,
  { maxBytes, timeoutMs }: ReadFormOptions,
): Promise<URLSearchParams | ErrorCode | undefined> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) return Promise.resolve(undefined)
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('MessageTooLarge')
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const end = (result: URLSearchParams | ErrorCode): void => {
      clearTimeout(deadline)
      request.off('data', onData)
      resolve(result)
    }
    const deadline = setTimeout(() => end('RequestTimeout'), timeoutMs)
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > maxBytes) end('MessageTooLarge')
      else chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => end(new URLSearchParams(Buffer.concat(chunks).toString('utf8'))))
    request.once('close', () => end('SenderGone'))
  })
}
