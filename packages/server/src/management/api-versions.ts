/** Versions that a group of routes answers, newest first; which one a client names changes shapes only where a route says so. */
export const apiVersions = {
  /** Every version that clients of Microsoft.Relay are known to name. */
  relay: [
    '2026-01-01',
    '2024-01-01',
    '2021-11-01',
    '2018-01-01-preview',
    '2017-04-01',
    '2016-07-01',
    '2015-08-01',
    '2014-09-01',
  ],
  web: [
    '2025-05-01',
    '2025-03-01',
    '2024-11-01',
    '2024-04-01',
    '2023-12-01',
    '2023-01-01',
    '2022-09-01',
    '2022-03-01',
    '2021-03-01',
    '2021-02-01',
    '2021-01-15',
    '2021-01-01',
    '2020-12-01',
    '2020-10-01',
    '2020-09-01',
    '2020-06-01',
    '2019-08-01',
    '2018-11-01',
    '2018-02-01',
    '2016-09-01',
    '2016-08-01',
    '2016-03-01',
    '2015-08-01',
  ],
  authorization: [
    '2022-05-01-preview',
    '2022-04-01',
    '2020-10-01-preview',
    '2020-08-01-preview',
    '2020-04-01-preview',
    '2020-03-01-preview',
    '2018-09-01-preview',
    '2018-01-01-preview',
    '2017-10-01-preview',
    '2015-07-01',
    '2015-06-01',
  ],
  /** Subscriptions, resource groups, providers, tenants: clients name versions by the dozen. */
  resources: 'any',
  insights: ['2015-04-01', '2017-03-01-preview', '2014-04-01'],
  /** What Azure does not have. */
  postern: ['2026-11-01'],
  /** Addresses without a version. */
  none: 'none',
} as const satisfies Readonly<Record<string, readonly string[] | 'any' | 'none'>>

export type ApiVersionGroup = keyof typeof apiVersions

/** Says whether a version is one of a group's. `any` takes everything that looks like a version. */
export function isApiVersion(group: ApiVersionGroup, version: string): boolean {
  const known: readonly string[] | 'any' | 'none' = apiVersions[group]
  if (known === 'none') return true
  if (known === 'any') return /^\d{4}-\d\d-\d\d(-[a-z]+)?$/.test(version)
  return known.includes(version)
}

/** For the message of a refusal. */
export function listApiVersions(group: ApiVersionGroup): string {
  const known: readonly string[] | 'any' | 'none' = apiVersions[group]
  return typeof known === 'string' ? 'YYYY-MM-DD' : known.join(', ')
}
