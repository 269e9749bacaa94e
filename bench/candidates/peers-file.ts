import { readFileSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'

/** What a peers file says: which peers are measured, and where their programs are. */
export interface PeersFile {
  /** Paths of peer files. */
  readonly files: readonly string[]
  /** Folders that are searched for programs before those of PATH. */
  readonly path: readonly string[]
}

/**
 * Reads a peers file: `{ "path": ["/opt/peers/bin"], "peers": ["ssh", "./mine.json"] }`. A word is a file of bench/peers, what has
 * a slash is a path beside the peers file.
 *
 * @throws {Error} naming the file and the key that is wrong.
 */
export function readPeersFile(file: string, peersFolder: string): PeersFile {
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof content !== 'object' || content === null) throw new Error(`peers file ${file}: it must be an object.`)
  const { path = [], peers, ...unknown } = content as Readonly<Record<string, unknown>>
  const [key] = Object.keys(unknown)
  if (key !== undefined) throw new Error(`peers file ${file}: there is no key '${key}' (known: path, peers).`)
  const resolve = (text: string): string => (isAbsolute(text) ? text : join(dirname(file), text))
  return {
    files: toTexts(file, 'peers', peers).map((peer) =>
      peer.includes('/') ? resolve(peer) : join(peersFolder, `${peer}.json`),
    ),
    path: toTexts(file, 'path', path).map(resolve),
  }
}

function toTexts(file: string, key: string, value: unknown): readonly string[] {
  if (!Array.isArray(value) || !value.every((entry) => typeof entry === 'string')) {
    throw new Error(`peers file ${file}: ${key} must be a list of texts.`)
  }
  return value
}
