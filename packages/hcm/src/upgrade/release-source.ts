import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createRelayFetch } from '@postern/client'
import type { Secret } from '@postern/program'
import { RelayError } from '@postern/protocol'

/** Where releases come from: a relay's management door, or a folder. */
export interface ReleaseSource {
  /** A small file, whole. */
  read(name: string): Promise<Uint8Array>
  /** A large file, into a file of this machine; its checksum. */
  fetchInto(name: string, path: string): Promise<string>
}

/** Checksums and signatures. */
const maxSmallBytes = 64 * 1024
/** Ten times what a release has today. */
const maxReleaseBytes = 1024 * 1024 * 1024
const smallTimeoutMs = 30_000
const releaseTimeoutMs = 3_600_000

/**
 * Opens a source: `https://HOST[:PORT]` of a management door, an address that ends with the folder, or a folder of this machine.
 */
export function openReleaseSource(
  from: string,
  { proxy }: { readonly proxy?: Secret | undefined } = {},
): ReleaseSource {
  if (!/^https?:\/\//i.test(from)) return folderSource(from)
  const fetch = createRelayFetch(proxy?.reveal())
  const base = from.replace(/\/+$/, '')
  const folder = new URL(base).pathname === '/' ? `${base}/downloads` : base
  const ask = async (name: string, timeoutMs: number): Promise<Readable> => {
    const url = `${folder}/${name}`
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) }).catch((cause: Error) => {
      throw new RelayError('ConnectionFailed', { message: `${url}: ${reasonOf(cause)}`, cause })
    })
    if (response.ok && response.body) return Readable.fromWeb(response.body as never)
    await response.body?.cancel()
    throw new RelayError('ResourceNotFound', {
      message: `${url} answers ${response.status}; does the relay run with --downloads?`,
    })
  }
  return {
    read: async (name) => collect(await ask(name, smallTimeoutMs), name),
    fetchInto: async (name, path) => store(await ask(name, releaseTimeoutMs), path),
  }
}

function folderSource(folder: string): ReleaseSource {
  return {
    read: async (name) => {
      try {
        return await readFile(join(folder, name))
      } catch (cause) {
        throw new RelayError('ResourceNotFound', {
          message: `There are no releases: ${(cause as Error).message}`,
          cause,
        })
      }
    },
    fetchInto: (name, path) => store(createReadStream(join(folder, name)), path),
  }
}

/** fetch says no more than that it failed; the cause says why. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message || error.message : error.message
}

async function collect(source: Readable, name: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for await (const chunk of bounded(source, maxSmallBytes, name)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Whatever goes wrong, no half file stays. */
async function store(source: Readable, path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    await pipeline(
      bounded(source, maxReleaseBytes, path),
      async function* measure(chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          hash.update(chunk)
          yield chunk
        }
      },
      createWriteStream(path, { mode: 0o600 }),
    )
  } catch (error) {
    await rm(path, { force: true })
    throw error
  }
  return hash.digest('hex')
}

async function* bounded(source: Readable, maxBytes: number, name: string): AsyncIterable<Uint8Array> {
  let bytes = 0
  for await (const chunk of source as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > maxBytes) throw new Error(`${name} has more than ${maxBytes} bytes`)
    yield chunk
  }
}
