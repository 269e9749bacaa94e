import { markdownRow } from '@postern/program'
import { apiVersions, listApiVersions } from '../api-versions.ts'
import { type Route, scopeTemplate } from '../route.ts'
import { isExtension, routeProvider } from './route-facts.ts'

/** Documents a route table in Markdown: the api-versions, then a table for each provider. */
export function routesMarkdown(routes: readonly Route[]): string {
  const providers = [...new Set(routes.map(routeProvider))].toSorted()
  const sections = providers.map((provider) => {
    const rows = routes.filter((route) => routeProvider(route) === provider).map(routeRow)
    const head = markdownRow(['method', 'path', 'operation', 'action, or who', 'api-versions', 'what it does'])
    return [`## ${provider}`, '', head, '|---|---|---|---|---|---|', ...rows].join('\n')
  })
  return `${[versionTable(routes), ...sections].join('\n\n')}\n`
}

function versionTable(routes: readonly Route[]): string {
  const used = new Set(routes.map(({ versions }) => versions))
  const rows = Object.keys(apiVersions)
    .filter((name): name is keyof typeof apiVersions => name !== 'none' && used.has(name as keyof typeof apiVersions))
    .map((name) => markdownRow([`\`${name}\``, apiVersions[name] === 'any' ? 'any' : listApiVersions(name)]))
  return ['## api-versions', '', markdownRow(['group', 'versions']), '|---|---|', ...rows].join('\n')
}

function routeRow(route: Route): string {
  const notes = [
    route.isPaged ? 'Paged.' : '',
    route.isLongRunning ? 'Long-running.' : '',
    route.isStream ? 'Server-sent events when asked for.' : '',
    isExtension(route) ? "Postern's own." : '',
  ].filter((note) => note !== '')
  return markdownRow([
    route.method,
    `\`${route.path}\``,
    `\`${route.id}\``,
    who(route),
    route.versions === 'none' ? '' : `\`${route.versions}\``,
    [route.summary, ...notes].join(' '),
  ])
}

function who(route: Route): string {
  const { access } = route
  if ('action' in access) {
    return access.scope === undefined ? `\`${access.action}\`` : `\`${access.action}\` at \`${scopeTemplate(route)}\``
  }
  return access.anyone === 'stranger' ? 'everybody' : 'everybody who is signed in'
}
