import type { Right } from '@postern/protocol'
import type { HybridConnection } from '../../domain/hybrid-connection.ts'
import { atomNamespace, connectNamespace, instanceNamespace } from './atom-namespaces.ts'
import { element, escapeXml } from './xml-text.ts'

export interface AtomEntryDetails {
  /** Where the entity is read, `https://{host}[:{port}]/{path}`. */
  readonly selfUrl: string
  /** Name of the namespace. */
  readonly author: string
  readonly listenerCount: number
  /** Rules to tell, with those keys that the reader of the entry has just set; none by default. */
  readonly rules?: readonly AtomRule[]
}

/** A rule as an entry tells it. */
export interface AtomRule {
  readonly name: string
  readonly rights: readonly Right[]
  readonly primaryKey?: string
  readonly secondaryKey?: string
}

/** Content-Type of `hybridConnectionEntry`: the .NET client looks for `type=entry`. */
export const atomEntryContentType = 'application/atom+xml;type=entry;charset=utf-8'

/**
 * Writes the answer to .NET's GetRuntimeInformation. The members of HybridConnectionDescription stand in the order of its
 * data contract: DataContractSerializer skips what comes out of turn (observed).
 *
 * @see azure-relay-dotnet HybridConnectionRuntimeInformation.cs
 */
export function hybridConnectionEntry(entity: HybridConnection, details: AtomEntryDetails): string {
  const { createdAt, updatedAt, requiresClientAuthorization, userMetadata } = entity
  const { selfUrl, author, listenerCount, rules = [] } = details
  const members = [
    element('CreatedAt', createdAt.toISOString()),
    element('UpdatedAt', updatedAt.toISOString()),
    element('RequiresClientAuthorization', String(requiresClientAuthorization)),
    rules.length === 0 ? '' : `<AuthorizationRules>${rules.map(authorizationRule).join('')}</AuthorizationRules>`,
    userMetadata === undefined ? '' : element('UserMetadata', userMetadata),
    element('ListenerCount', String(listenerCount)),
  ].join('')
  return [
    `<entry xmlns="${atomNamespace}">`,
    element('id', selfUrl),
    `<title type="text">${escapeXml(entity.name)}</title>`,
    element('published', createdAt.toISOString()),
    element('updated', updatedAt.toISOString()),
    `<author>${element('name', author)}</author>`,
    link('self', selfUrl),
    `<content type="application/xml"><HybridConnectionDescription xmlns="${connectNamespace}" xmlns:i="${instanceNamespace}">`,
    members,
    '</HybridConnectionDescription></content></entry>',
  ].join('')
}

function authorizationRule({ name, rights, primaryKey, secondaryKey }: AtomRule): string {
  return [
    '<AuthorizationRule i:type="SharedAccessAuthorizationRule">',
    element('ClaimType', 'SharedAccessKey'),
    element('ClaimValue', 'None'),
    `<Rights>${rights.map((right) => element('AccessRights', right)).join('')}</Rights>`,
    element('KeyName', name),
    primaryKey === undefined ? '' : element('PrimaryKey', primaryKey),
    secondaryKey === undefined ? '' : element('SecondaryKey', secondaryKey),
    '</AuthorizationRule>',
  ].join('')
}

export const atomFeedContentType = 'application/atom+xml;type=feed;charset=utf-8'

/** Writes a list of entries. One without any is Azure's answer for a path where nothing is (observed). */
export function hybridConnectionFeed(
  entries: readonly string[],
  details: { readonly selfUrl: string; readonly nextUrl?: string | undefined; readonly updatedAt: Date },
): string {
  const { selfUrl, nextUrl, updatedAt } = details
  return [
    `<feed xmlns="${atomNamespace}"><title type="text">HybridConnections</title>`,
    element('id', selfUrl),
    element('updated', updatedAt.toISOString()),
    link('self', selfUrl),
    nextUrl === undefined ? '' : link('next', nextUrl),
    ...entries,
    '</feed>',
  ].join('')
}

/** Writes the body of a refusal; clients show `detail` and go by the HTTP status. */
export function atomError({ status, detail }: { readonly status: number; readonly detail: string }): string {
  return `<Error>${element('Code', String(status))}${element('Detail', detail)}</Error>`
}

function link(relation: 'self' | 'next', url: string): string {
  return `<link rel="${relation}" href="${escapeXml(url)}"/>`
}
