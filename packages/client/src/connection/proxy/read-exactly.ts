import type { Duplex } from 'node:stream'

/** Takes exactly so many bytes from a stream and leaves it paused, the rest in it. Rejects when it ends before. */
export function readExactly(stream: Duplex, bytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      stream.off('readable', take).off('error', fail).off('end', end).off('close', end)
    }
    const take = (): void => {
      const chunk = stream.read(bytes) as Buffer | null
      // At its end a stream gives what is left, however little.
      if (chunk === null) return
      finish()
      if (chunk.length === bytes) resolve(chunk)
      else reject(new Error('the connection ended in the middle of an answer'))
    }
    const fail = (error: Error): void => {
      finish()
      reject(error)
    }
    const end = (): void => fail(new Error('the connection was closed'))
    stream.on('readable', take).on('error', fail).on('end', end).on('close', end)
    take()
  })
}
