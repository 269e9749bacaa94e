import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Node, type YAMLMap } from 'yaml'
import type { ScalarKind } from './scalar-kinds.ts'

/** Something that a configuration file says wrongly. */
export interface ConfigurationProblem {
  readonly offset: number
  readonly message: string
}

/** Reads one map of a configuration file key by key, notes what is wrong, and in the end what nobody asked for. */
export class MapReader {
  readonly #document: Document
  readonly #problems: ConfigurationProblem[]
  readonly #entries = new Map<string, { readonly key: Node; readonly value: unknown }>()
  readonly #asked = new Set<string>()
  /** Where the map stands. */
  readonly offset: number

  constructor(document: Document, map: YAMLMap, problems: ConfigurationProblem[]) {
    this.#document = document
    this.#problems = problems
    this.offset = map.range?.[0] ?? 0
    for (const { key, value } of map.items) {
      if (isScalar(key)) this.#entries.set(String(key.value), { key, value: resolve(document, value) })
    }
  }

  /** True when the map has this key with a value. */
  has(name: string): boolean {
    const value = this.#entries.get(name)?.value
    return value !== undefined && !isNothing(value)
  }

  /** Notes a problem at a key, or at the map itself. */
  problem(message: string, name?: string): void {
    const key = name === undefined ? undefined : this.#entries.get(name)?.key
    this.#problems.push({ offset: key?.range?.[0] ?? this.offset, message })
  }

  /** The value of a key, as `{ [as]: value }` for spreading; nothing when it is absent or wrong. */
  read<K extends string, T>(name: string, kind: ScalarKind<T>, as: K): { readonly [P in K]?: T } {
    const value = this.scalar(name, kind)
    return (value === undefined ? {} : { [as]: value }) as { readonly [P in K]?: T }
  }

  /** The value of a key; undefined when it is absent or wrong. */
  scalar<T>(name: string, kind: ScalarKind<T>): T | undefined {
    this.#asked.add(name)
    const node = this.#entries.get(name)?.value
    if (node === undefined || isNothing(node)) return undefined
    const value = isScalar(node) ? kind.parse(node.source ?? String(node.value)) : undefined
    if (value === undefined) this.problem(`${name} must be ${kind.expected}`, name)
    return value
  }

  /** The maps of a list; empty when it is absent. */
  list(name: string): readonly MapReader[] {
    return this.#items(name).flatMap((item) => {
      if (isMap(item)) return [new MapReader(this.#document, item, this.#problems)]
      this.problem(`${name} must be a list of maps`, name)
      return []
    })
  }

  /** The texts of a list; empty when it is absent. */
  texts(name: string): readonly string[] {
    return this.#items(name).map((item) => (isScalar(item) ? (item.source ?? String(item.value)) : ''))
  }

  /** To be called last: every key that was not asked for is a problem that names those there are. */
  finish(): void {
    for (const name of this.#entries.keys()) {
      if (this.#asked.has(name)) continue
      const meant = [...this.#asked].find((known) => known.toLowerCase() === name.toLowerCase())
      const help = meant === undefined ? `there are: ${[...this.#asked].join(', ')}` : `did you mean ${meant}?`
      this.problem(`unknown key ${name}; ${help}`, name)
    }
  }

  #items(name: string): readonly unknown[] {
    this.#asked.add(name)
    const node = this.#entries.get(name)?.value
    if (node === undefined || isNothing(node)) return []
    if (isSeq(node)) return node.items.map((item) => resolve(this.#document, item))
    this.problem(`${name} must be a list`, name)
    return []
  }
}

function resolve(document: Document, value: unknown): unknown {
  return isAlias(value) ? value.resolve(document) : value
}

function isNothing(node: unknown): boolean {
  return !isNode(node) || (isScalar(node) && node.value === null)
}
