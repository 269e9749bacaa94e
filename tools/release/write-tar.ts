import { createReadStream, statSync } from 'node:fs'
import { posix } from 'node:path'
import type { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import { type Header, type Pack, pack } from 'tar-stream'
import type { ReleaseFile } from './release-file.ts'

/** How an archive is written. */
export interface TarOptions {
  /** The time that every entry bears, so that the same sources make the same bytes. */
  readonly modifiedAt: Date
  /** 1 is quick, 9 is small. */
  readonly compressionLevel: number
  /** Written before every path: Debian's tools want `./`. */
  readonly prefix?: string
}

/** Writes a compressed tar archive: sorted by name, owned by root, folders named before what is in them. */
export async function writeTar(files: readonly ReleaseFile[], to: Writable, options: TarOptions): Promise<void> {
  const { modifiedAt: mtime, compressionLevel: level, prefix = '' } = options
  const archive = pack()
  const common = { mtime, uid: 0, gid: 0, uname: 'root', gname: 'root' }
  const fill = async (): Promise<void> => {
    for (const entry of withFolders(files)) {
      if (typeof entry === 'string')
        await add(archive, { ...common, name: `${prefix}${entry}/`, mode: 0o755, type: 'directory' })
      else await addFile(archive, { ...common, name: `${prefix}${entry.path}` }, entry.content)
    }
    archive.finalize()
  }
  const written = pipeline(archive, createGzip({ level, memLevel: constants.Z_MAX_MEMLEVEL }), to)
  // Whichever fails first says why; the other one ends with it.
  await Promise.all([written, fill().catch((error: Error) => archive.destroy(error))])
}

type EntryHeader = Partial<Header> & Pick<Header, 'name'>

/** Paths of folders as texts, each before the first thing in it. */
function withFolders(files: readonly ReleaseFile[]): (ReleaseFile | string)[] {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  const known = new Set<string>()
  return sorted.flatMap((file) => {
    const missing: string[] = []
    for (let folder = posix.dirname(file.path); folder !== '.' && !known.has(folder); folder = posix.dirname(folder)) {
      known.add(folder)
      missing.unshift(folder)
    }
    return [...missing, file]
  })
}

async function addFile(archive: Pack, header: EntryHeader, content: ReleaseFile['content']): Promise<void> {
  if (content.kind === 'link')
    return add(archive, { ...header, mode: 0o777, type: 'symlink', linkname: content.target })
  const mode = content.isExecutable ? 0o755 : 0o644
  if (content.kind === 'text') return add(archive, { ...header, mode }, content.text)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const entry = archive.entry({ ...header, mode, size: statSync(content.from).size }, (error) =>
    error ? reject(error) : resolve(),
  )
  createReadStream(content.from).on('error', reject).pipe(entry)
  return promise
}

function add(archive: Pack, header: EntryHeader, text?: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  archive.entry(header, text ?? '', (error) => (error ? reject(error) : resolve()))
  return promise
}
