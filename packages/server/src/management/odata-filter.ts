import { RelayError } from '@postern/protocol'

/** One condition of a `$filter`: `atScope()`, `assignedTo('x')`, `principalId eq 'x'`. Names are in lower case. */
export type FilterTerm =
  | { readonly kind: 'call'; readonly name: string; readonly argument?: string }
  | { readonly kind: 'comparison'; readonly name: string; readonly operator: string; readonly value: string }

/** Azure's longest are times and an ARM id; a hybrid connection's id has up to 500 characters. */
const maxFilterLength = 2048

/**
 * Reads a `$filter` of conditions joined by `and`, the only form that ARM's lists take. Values stand in single quotes, a
 * quote inside is written twice.
 * @throws {RelayError} RequestContentInvalid
 */
export function readFilter(query: URLSearchParams): readonly FilterTerm[] {
  const filter = [...query].find(([name]) => name.toLowerCase() === '$filter')?.[1].trim() ?? ''
  if (filter === '') return []
  if (filter.length > maxFilterLength) throw invalidFilter(`is longer than ${maxFilterLength} characters`)
  const terms: FilterTerm[] = []
  let rest = filter
  for (;;) {
    const match = termPattern.exec(rest)
    if (match === null) throw invalidFilter(`cannot be read at "${printable(rest)}"`)
    terms.push(termOf(match))
    rest = rest.slice(match[0].length)
    if (rest === '') return terms
  }
}

/** @throws {RelayError} RequestContentInvalid naming what the list knows */
export function refuseTerm({ kind, name }: FilterTerm, known: string): never {
  throw invalidFilter(`knows ${known} here, and no ${printable(name)}${kind === 'call' ? '()' : ''}`)
}

/** One condition with the `and` behind it; parentheses around it are Azure's habit in examples. */
const termPattern =
  /^\s*\(?\s*([\w/]+)\s*(?:\(\s*(?:'((?:[^']|'')*)')?\s*\)|\s(eq|ge|le|gt|lt)\s+(?:'((?:[^']|'')*)'|([\w.:+-]+)))\s*\)?\s*(?:\sand(?=[\s(])|$)/i

function termOf([, name = '', argument, operator, quoted, bare]: RegExpExecArray): FilterTerm {
  const lower = name.toLowerCase()
  if (operator === undefined) {
    return { kind: 'call', name: lower, ...(argument !== undefined && { argument: unquote(argument) }) }
  }
  return {
    kind: 'comparison',
    name: lower,
    operator: operator.toLowerCase(),
    value: quoted === undefined ? (bare ?? '') : unquote(quoted),
  }
}

function unquote(text: string): string {
  return text.replaceAll("''", "'")
}

function printable(text: string): string {
  return text.slice(0, 40).replace(/[^\x20-\x7e]/g, '?')
}

function invalidFilter(problem: string): RelayError {
  return new RelayError('RequestContentInvalid', { message: `The $filter ${problem}` })
}
