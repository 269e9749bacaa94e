import { RelayError } from '@postern/protocol'
import { type ArmCall, type ArmReply, ok } from './arm-call.ts'

/** Items on one page when the caller does not say; Azure's own lists have about as many. */
const defaultPageSize = 100
const maxPageSize = 1000

/**
 * One page of a list in key order. `$top` says how many, `$skipToken` after which one; the link to the next page keeps the
 * caller's own query.
 */
export function page<Item extends { readonly key: string }>(
  call: ArmCall,
  items: readonly Item[],
  toJson: (item: Item) => unknown,
): ArmReply {
  const size = pageSize(call.query)
  const after = skipToken(call.query)
  const from = after === undefined ? 0 : firstAfter(items, after)
  const slice = items.slice(from, from + size)
  const last = slice.at(-1)
  const hasMore = from + size < items.length && last !== undefined
  return ok({ value: slice.map(toJson), ...(hasMore && { nextLink: linkToNext(call, last.key) }) })
}

/** The caller's own address with another `$skipToken`. */
export function linkToNext(call: ArmCall, key: string): string {
  const url = new URL(call.url, call.origin)
  const others = [...url.searchParams].filter(([name]) => name.toLowerCase() !== '$skiptoken')
  url.search = new URLSearchParams(others).toString()
  url.searchParams.set('$skipToken', Buffer.from(key).toString('base64url'))
  return url.href
}

/** What a link to the next page said. @throws {RelayError} RequestContentInvalid */
export function skipToken(query: URLSearchParams): string | undefined {
  const token = parameter(query, '$skiptoken')
  if (token === undefined) return undefined
  const key = Buffer.from(token, 'base64url').toString()
  if (key === '') throw new RelayError('RequestContentInvalid', { message: 'The $skipToken is not one of ours' })
  return key
}

/** How many items the caller wants on a page. @throws {RelayError} RequestContentInvalid */
export function pageSize(query: URLSearchParams): number {
  const text = parameter(query, '$top')
  if (text === undefined) return defaultPageSize
  const size = Number(text)
  if (!Number.isInteger(size) || size < 1) {
    throw new RelayError('RequestContentInvalid', { message: '$top must be a whole number from 1 on' })
  }
  return Math.min(size, maxPageSize)
}

/** A parameter of a query by its name in lower case. */
export function parameter(query: URLSearchParams, wanted: string): string | undefined {
  for (const [name, value] of query) {
    if (name.toLowerCase() === wanted) return value
  }
  return undefined
}

/** Items are in key order. */
function firstAfter(items: readonly { readonly key: string }[], key: string): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = items[middle]
    if (at !== undefined && at.key <= key) low = middle + 1
    else high = middle
  }
  return low
}
