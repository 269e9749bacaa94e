import { decodePathSegment } from './path-segment.ts'
import type { Route } from './route.ts'

export interface RouteMatch {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** What a path leads to: a route, no route for this method (405), or nothing (404). */
export type RouteLookup = RouteMatch | 'unknown' | { readonly allowed: readonly string[] }

interface CompiledRoute {
  readonly route: Route
  /** Lower case, or undefined where a parameter stands. */
  readonly segments: readonly (string | undefined)[]
  readonly names: readonly string[]
}

/**
 * Finds the route of a path. Segments are compared in any case. A template that begins with `/{+scope}/` stands for a
 * resource of any kind before it, as Microsoft.Authorization has it.
 */
export class RouteIndex {
  readonly #bySize = new Map<number, CompiledRoute[]>()
  readonly #scoped: CompiledRoute[] = []

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      const isScoped = route.path.startsWith(scopePrefix)
      const compiled = compile(route, isScoped ? route.path.slice(scopePrefix.length - 1) : route.path)
      if (isScoped) this.#scoped.push(compiled)
      else this.#bySize.set(compiled.segments.length, [...(this.#bySize.get(compiled.segments.length) ?? []), compiled])
    }
  }

  /** @param path as it came, without the query; clients leave empty segments where an optional part is missing (observed) */
  find(method: string, path: string): RouteLookup {
    const raw = path.split('/').filter((segment) => segment !== '')
    if (raw.length > maxSegments) return 'unknown'
    const segments = raw.map(decodePathSegment)
    if (segments.some((segment) => segment === undefined)) return 'unknown'
    const decoded = segments as readonly string[]
    const lower = decoded.map((segment) => segment.toLowerCase())
    const matches = [...this.#plain(lower, decoded), ...this.#below(lower, decoded)]
    const match =
      matches.find(({ route }) => route.method === method) ??
      (method === 'HEAD' ? matches.find(({ route }) => route.method === 'GET') : undefined)
    if (match) return match
    return matches.length === 0 ? 'unknown' : { allowed: [...new Set(matches.map(({ route }) => route.method))] }
  }

  #plain(lower: readonly string[], decoded: readonly string[]): RouteMatch[] {
    return (this.#bySize.get(lower.length) ?? [])
      .filter(({ segments }) => fits(segments, lower))
      .toSorted((a, b) => a.names.length - b.names.length)
      .map((compiled) => ({ route: compiled.route, params: paramsOf(compiled, decoded) }))
      .filter(({ params }) => !unslashed.some((name) => params[name]?.includes('/')))
  }

  #below(lower: readonly string[], decoded: readonly string[]): RouteMatch[] {
    return this.#scoped.flatMap((compiled) => {
      const size = compiled.segments.length
      if (lower.length < size || !fits(compiled.segments, lower.slice(lower.length - size))) return []
      const scope = `/${decoded.slice(0, decoded.length - size).join('/')}`
      return [{ route: compiled.route, params: { scope, ...paramsOf(compiled, decoded.slice(decoded.length - size)) } }]
    })
  }
}

/** Segments of the longest route, and as many again for the scope before one. */
const maxSegments = 40

/**
 * What no encoded slash may be in: with one, two different paths would ask for a role at the same scope. Names of hybrid
 * connections may have slashes; they come last in a scope, or before a rule's name, which has none.
 */
const unslashed = ['subscriptionId', 'resourceGroupName']

const scopePrefix = '/{+scope}/'

function compile(route: Route, path: string): CompiledRoute {
  const parts = path.split('/').slice(1)
  const segments = parts.map((part) => (part.startsWith('{') ? undefined : part.toLowerCase()))
  return { route, segments, names: parts.filter((part) => part.startsWith('{')).map((part) => part.slice(1, -1)) }
}

function fits(segments: readonly (string | undefined)[], lower: readonly string[]): boolean {
  return segments.every((segment, at) => segment === undefined || segment === lower[at])
}

function paramsOf({ segments, names }: CompiledRoute, decoded: readonly string[]): Record<string, string> {
  const values = decoded.filter((_, at) => segments[at] === undefined)
  return Object.fromEntries(names.map((name, at) => [name, values[at] ?? '']))
}
