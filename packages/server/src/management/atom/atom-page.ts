import { RelayError } from '@postern/protocol'

/** Entries of a feed when nobody says how many, and at most; Service Bus has a hundred. */
const defaultTop = 100
const maxTop = 1000

/**
 * One page of a list by `$skip` and `$top`, and the query of the next one; undefined when this is the last.
 * @throws {RelayError} RequestContentInvalid
 */
export function readAtomPage<Item>(
  rawQuery: string,
  items: readonly Item[],
): { readonly items: readonly Item[]; readonly nextQuery?: string } {
  const query = new URLSearchParams(rawQuery)
  const skip = readCount(query, '$skip', { least: 0 }) ?? 0
  const top = Math.min(readCount(query, '$top', { least: 1 }) ?? defaultTop, maxTop)
  const slice = items.slice(skip, skip + top)
  if (skip + top >= items.length) return { items: slice }
  const others = [...query].filter(([name]) => !/^\$(skip|top)$/i.test(name))
  const next = new URLSearchParams([...others, ['$skip', String(skip + top)], ['$top', String(top)]])
  return { items: slice, nextQuery: next.toString() }
}

function readCount(query: URLSearchParams, wanted: string, { least }: { readonly least: number }): number | undefined {
  const text = [...query].find(([name]) => name.toLowerCase() === wanted)?.[1]
  if (text === undefined) return undefined
  const count = /^\d{1,9}$/.test(text) ? Number(text) : -1
  if (count >= least) return count
  throw new RelayError('RequestContentInvalid', { message: `${wanted} must be a whole number from ${least} on` })
}
