import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

import type { Place } from './places.ts'

/** A peer as `bench/peers/NAME.json` describes it; bench/README.md explains every key. */
export interface PeerFile {
  readonly name: string
  readonly about: string
  readonly encrypted: boolean
  /** Left out unless named or everything is asked for. Default true. */
  readonly byDefault: boolean
  /** Folder under bench/peers with package.json and package-lock.json, installed before the first start. */
  readonly npm: string | undefined
  /** Files written before every start: name to lines. */
  readonly files: Readonly<Record<string, readonly string[]>>
  /** Commands run to their end before every start. */
  readonly prepare: readonly (readonly string[])[]
  /** Processes in the order in which they are started. */
  readonly start: readonly PeerProcess[]
}

/** One process of a peer. */
export interface PeerProcess {
  readonly name: string
  readonly command: readonly string[]
  /** A loopback port that it listens on, or a text that it prints. */
  readonly ready: { readonly port: string } | { readonly output: string }
  /** Whether its CPU time and memory are the peer's. Default true. */
  readonly counted: boolean
  /** Beside the client, or where relay and target are. Default far. */
  readonly place: Place
  readonly env: Readonly<Record<string, string>>
}

/** Reads and checks a peer file. @throws {Error} naming the file and the key that is wrong. */
export function readPeerFile(path: string): PeerFile {
  const check = new KeyChecker(basename(path))
  const file = check.object('the file', JSON.parse(readFileSync(path, 'utf8')))
  check.keys('the file', file, ['name', 'about', 'encrypted', 'byDefault', 'npm', 'files', 'prepare', 'start'])
  const files = check.object('files', file['files'] ?? {})
  const start = check.list('start', file['start'])
  if (start.length === 0) throw check.problem('start', 'must name at least one process')
  return {
    name: check.text('name', file['name']),
    about: check.text('about', file['about']),
    encrypted: check.flag('encrypted', file['encrypted']),
    byDefault: check.flag('byDefault', file['byDefault'] ?? true),
    npm: file['npm'] === undefined ? undefined : check.text('npm', file['npm']),
    files: Object.fromEntries(
      Object.entries(files).map(([name, lines]) => [name, check.texts(`files.${name}`, lines)]),
    ),
    prepare: check.list('prepare', file['prepare'] ?? []).map((command) => check.texts('prepare', command)),
    start: start.map((entry, index) => readPeerProcess(check, `start[${index}]`, entry)),
  }
}

function readPeerProcess(check: KeyChecker, where: string, value: unknown): PeerProcess {
  const entry = check.object(where, value)
  check.keys(where, entry, ['name', 'command', 'ready', 'counted', 'place', 'env'])
  const ready = check.object(`${where}.ready`, entry['ready'])
  check.keys(`${where}.ready`, ready, ['port', 'output'])
  const env = check.object(`${where}.env`, entry['env'] ?? {})
  return {
    name: check.text(`${where}.name`, entry['name']),
    command: check.texts(`${where}.command`, entry['command']),
    ready:
      ready['port'] === undefined
        ? { output: check.text(`${where}.ready.output`, ready['output']) }
        : { port: check.text(`${where}.ready.port`, ready['port']) },
    counted: check.flag(`${where}.counted`, entry['counted'] ?? true),
    place: readPlace(check, `${where}.place`, entry['place'] ?? 'far'),
    env: Object.fromEntries(
      Object.entries(env).map(([name, text]) => [name, check.text(`${where}.env.${name}`, text)]),
    ),
  }
}

function readPlace(check: KeyChecker, key: string, value: unknown): Place {
  if (value !== 'near' && value !== 'far') throw check.problem(key, 'must be near or far')
  return value
}

/** Turns unknown JSON into the shapes of a peer file, or says which key is wrong. */
class KeyChecker {
  readonly #file: string

  constructor(file: string) {
    this.#file = file
  }

  problem(key: string, what: string): Error {
    return new Error(`peer file ${this.#file}: ${key} ${what}.`)
  }

  object(key: string, value: unknown): Readonly<Record<string, unknown>> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.problem(key, 'must be an object')
    return Object.fromEntries(Object.entries(value))
  }

  keys(key: string, value: Readonly<Record<string, unknown>>, known: readonly string[]): void {
    const unknown = Object.keys(value).find((name) => !known.includes(name))
    if (unknown !== undefined) throw this.problem(key, `has an unknown key '${unknown}' (known: ${known.join(', ')})`)
  }

  list(key: string, value: unknown): readonly unknown[] {
    if (!Array.isArray(value)) throw this.problem(key, 'must be a list')
    return value
  }

  texts(key: string, value: unknown): readonly string[] {
    return this.list(key, value).map((entry) => this.text(key, entry))
  }

  text(key: string, value: unknown): string {
    if (typeof value !== 'string') throw this.problem(key, 'must be text')
    return value
  }

  flag(key: string, value: unknown): boolean {
    if (typeof value !== 'boolean') throw this.problem(key, 'must be true or false')
    return value
  }
}
