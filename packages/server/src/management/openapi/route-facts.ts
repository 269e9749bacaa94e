import { apiVersions } from '../api-versions.ts'
import type { Route } from '../route.ts'

/** The resource provider that a route belongs to; what has none is a part of Azure Resource Manager itself. */
export function routeProvider({ path }: Route): string {
  const named = [...path.matchAll(/\/providers\/([A-Za-z][\w.]*)/g)].at(-1)?.[1]
  return named ?? 'Microsoft.Resources'
}

/** Whether Azure has no such route: its api-version is of this project, or its row says so. */
export function isExtension(route: Route): boolean {
  return route.isExtension ?? route.versions === 'postern'
}

/** The versions that a route answers, newest first; undefined where any will do, empty where there are none. */
export function routeVersions({ versions }: Route): readonly string[] | undefined {
  const known: readonly string[] | 'any' | 'none' = apiVersions[versions]
  if (known === 'none') return []
  return known === 'any' ? undefined : known
}

/** What our own clients send where any version will do: that of Azure's resource groups. */
const anyVersion = '2021-04-01'

/** The newest version without a preview's freedom to change; undefined for routes without versions. */
export function newestVersion(route: Route): string | undefined {
  const known = routeVersions(route)
  if (known === undefined) return anyVersion
  return known.find((version) => !version.endsWith('-preview')) ?? known[0]
}

/** Names of the parameters in a route's path, in their order. */
export function pathParameters({ path }: Route): readonly string[] {
  return [...path.matchAll(/\{\+?(\w+)\}/g)].map(([, name = '']) => name)
}
