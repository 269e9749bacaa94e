import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml'
import { checkDeclaredResources } from './check-declared-resources.ts'
import { type DeclarationProblem, invalidDeclaration, type Locate } from './declaration-problem.ts'
import type { ResourcesDeclaration } from './declared-resources-schema.ts'

/** What a resources file says, and where it says it. */
export interface ParsedResources {
  readonly declaration: ResourcesDeclaration
  readonly locate: Locate
}

/**
 * Reads the YAML (or JSON) of a resources file; `fileName` is only for messages.
 * @throws {RelayError} InvalidConfiguration with all problems, a line each: file:line:column, path, what to write instead.
 */
export function parseDeclaredResources(text: string, fileName: string): ParsedResources {
  const place = (offset: number): string => `${fileName}:${lineAndColumn(text, offset)}`
  const refuse: Refuse = (faults) =>
    invalidDeclaration(
      faults.map(({ message }) => ({ path: [], message })),
      (_, index) => place(faults[index]?.offset ?? 0),
    )
  const { document, value } = read(text, refuse)
  const locate: Locate = (problem) => place(offsetOf(document, problem))
  const checked = checkDeclaredResources(value)
  if ('problems' in checked) throw invalidDeclaration(checked.problems, locate)
  return { declaration: checked.declaration, locate }
}

/** Thousands of hybrid connections fit; beyond it a wrong file was named. */
const maxFileLength = 4 * 1024 * 1024
/** Aliases may multiply what a short text holds: the usual guard against the "billion laughs". */
const maxAliasCount = 100

interface Fault {
  readonly message: string
  readonly offset?: number
}

type Refuse = (faults: readonly Fault[]) => Error

function read(text: string, refuse: Refuse): { readonly document: Document; readonly value: unknown } {
  if (text.length > maxFileLength)
    throw refuse([{ message: `is longer than ${maxFileLength} characters: is it the right file?` }])
  try {
    const document = parseDocument(text, { prettyErrors: false, stringKeys: true })
    const faults = [...document.errors, ...document.warnings]
    if (faults.length === 0) return { document, value: document.toJS({ maxAliasCount }) }
    // The parser repeats what it read: that may be a key.
    const said = faults.map(({ message, pos }) => ({ message: message.split('\n')[0]?.split(':')[0], offset: pos[0] }))
    throw refuse(said.map(({ message, offset }) => ({ message: `is not valid YAML here: ${message}`, offset })))
  } catch (error) {
    // The parser calls itself for each level.
    if (error instanceof RangeError)
      throw refuse([{ message: 'is nested too deeply: no more than six levels are of use' }])
    if (error instanceof ReferenceError)
      throw refuse([{ message: `has an alias too many or too few: ${error.message}` }])
    throw error
  }
}

/** Both counted from 1. Not yaml's LineCounter: it misses line ends that stand amid a token. */
function lineAndColumn(text: string, offset: number): string {
  const before = text.slice(0, offset)
  return `${before.split('\n').length}:${before.length - before.lastIndexOf('\n')}`
}

/** Where a problem stands: its value or key, else the nearest thing around it that is written down. */
function offsetOf(document: Document, { path, isKey = false }: DeclarationProblem): number {
  let node: unknown = document.contents
  let offset = startOf(node) ?? 0
  for (const [depth, part] of path.entries()) {
    const isWanted = isKey && depth === path.length - 1
    const around: unknown = isAlias(node) ? node.resolve(document) : node
    if (isMap(around)) {
      const pair = around.items.find(({ key }) => isScalar(key) && key.value === part)
      node = pair?.value
      // A key without a value has one of no width, on the next line perhaps.
      offset = (isWanted || isEmpty(node) ? startOf(pair?.key) : startOf(node)) ?? offset
    } else {
      node = isSeq(around) ? around.items[Number(part)] : undefined
      offset = startOf(node) ?? offset
    }
  }
  return offset
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? node.range?.[0] : undefined
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null
}
