import type { ApiVersionGroup } from '../api-versions.ts'
import type { Route } from '../route.ts'

/** A route below an app: path and action go on from those of the site. */
export interface BelowSite extends Omit<Route, 'path' | 'access' | 'versions'> {
  /** `/hybridConnectionRelays`; empty for the site itself. */
  readonly below: string
  /** `hybridConnectionRelays/read` */
  readonly action: string
  /** Default: those of Azure. */
  readonly versions?: ApiVersionGroup
}

type Placed = Pick<Route, 'path' | 'access' | 'versions'>
type AtSite<Row> = Row extends BelowSite ? Omit<Row, 'below' | 'action'> & Placed : never
type AtSlot<Row> = Row extends BelowSite
  ? Omit<Row, 'below' | 'action' | 'id'> & Placed & { readonly id: `${Row['id']}Slot` }
  : never

export const sitePath =
  '/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Web/sites/{name}'

/** Gives each row for the app and, with `Slot` behind its id as Azure names it, for its slots. */
export function siteAndSlot<const Row extends BelowSite>(rows: readonly Row[]): readonly (AtSite<Row> | AtSlot<Row>)[] {
  return rows.flatMap((row): (AtSite<Row> | AtSlot<Row>)[] => [
    place(row, { id: row.id, path: sitePath, actions: 'Microsoft.Web/sites' }) as AtSite<Row>,
    place(row, {
      id: `${row.id}Slot`,
      path: `${sitePath}/slots/{slot}`,
      actions: 'Microsoft.Web/sites/slots',
    }) as AtSlot<Row>,
  ])
}

function place(
  { below, action, ...row }: BelowSite,
  at: { readonly id: string; readonly path: string; readonly actions: string },
): Route {
  const path = `${at.path}${below}`
  // What stands below `relays/{relayName}` is asked for at the attachment, everything else at the app.
  const scope = /^.*\/relays\/\{relayName\}/.exec(path)?.[0] ?? at.path
  return {
    ...row,
    id: at.id,
    path,
    versions: row.versions ?? 'web',
    access: { action: `${at.actions}/${action}`, scope },
  }
}
