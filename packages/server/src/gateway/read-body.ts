import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '@postern/protocol'

export interface ReadBodyOptions {
  readonly maxBytes: number
  /** For the whole body. */
  readonly timeoutMs: number
}

/** Reads a small body; a code for one that is too large or does not come. */
export function readBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs }: ReadBodyOptions,
): Promise<Buffer | ErrorCode> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.resolve('MessageTooLarge')
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const end = (result: Buffer | ErrorCode): void => {
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
    request.once('end', () => end(Buffer.concat(chunks)))
    request.once('close', () => end('SenderGone'))
  })
}
