import type { IncomingMessage } from 'node:http'
import type { ErrorCode } from '@postern/protocol'
import { GatheredBytes } from '../domain/gathered-bytes.ts'

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
    const gathered = new GatheredBytes()
    const end = (result: Buffer | ErrorCode): void => {
      clearTimeout(deadline)
      request.off('data', onData)
      resolve(result)
    }
    const deadline = setTimeout(() => end('RequestTimeout'), timeoutMs)
    const onData = (chunk: Buffer): void => {
      if (gathered.length + chunk.length > maxBytes) end('MessageTooLarge')
      else gathered.add(chunk)
    }
    request.on('data', onData)
    request.once('end', () => end(gathered.whole()))
    request.once('close', () => end('SenderGone'))
  })
}
