import type { HybridConnection } from '../domain/hybrid-connection.ts'

export interface AtomEntryDetails {
  /** Where the entity is read, `https://{host}[:{port}]/{path}`. */
  readonly selfUrl: string
  /** Name of the namespace. */
  readonly author: string
  readonly listenerCount: number
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
  const members = [
    element('CreatedAt', createdAt.toISOString()),
    element('UpdatedAt', updatedAt.toISOString()),
    element('RequiresClientAuthorization', String(requiresClientAuthorization)),
    userMetadata === undefined ? '' : element('UserMetadata', userMetadata),
    element('ListenerCount', String(details.listenerCount)),
  ].join('')
  return [
    `<entry xmlns="${atomNamespace}">`,
    element('id', details.selfUrl),
    `<title type="text">${escapeXml(entity.name)}</title>`,
    element('published', createdAt.toISOString()),
    element('updated', updatedAt.toISOString()),
    `<author>${element('name', details.author)}</author>`,
    selfLink(details.selfUrl),
    `<content type="application/xml"><HybridConnectionDescription xmlns="${connectNamespace}" xmlns:i="${instanceNamespace}">`,
    members,
    '</HybridConnectionDescription></content></entry>',
  ].join('')
}

/**
 * Writes a feed without entries, to be sent as `application/atom+xml;type=feed;charset=utf-8`: Azure's answer for a path
 * where nothing is, which clients take for "no such entity".
 */
export function emptyFeed({ selfUrl, updatedAt }: { readonly selfUrl: string; readonly updatedAt: Date }): string {
  return [
    `<feed xmlns="${atomNamespace}"><title type="text">Publicly Listed Services</title>`,
    element('id', selfUrl),
    element('updated', updatedAt.toISOString()),
    selfLink(selfUrl),
    '</feed>',
  ].join('')
}

/** Writes the body of a refusal; clients show `detail` and go by the HTTP status. */
export function atomError({ status, detail }: { readonly status: number; readonly detail: string }): string {
  return `<Error>${element('Code', String(status))}${element('Detail', detail)}</Error>`
}

const atomNamespace = 'http://www.w3.org/2005/Atom'
const connectNamespace = 'http://schemas.microsoft.com/netservices/2010/10/servicebus/connect'
const instanceNamespace = 'http://www.w3.org/2001/XMLSchema-instance'

function element(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`
}

function selfLink(url: string): string {
  return `<link rel="self" href="${escapeXml(url)}"/>`
}

/**
 * Writes a text so that a parser reads the same one, in content and in attributes. Line ends and tabs are written as
 * references, which keeps them from being normalised (XML 1.0 sections 2.11 and 3.3.3). Characters that XML cannot hold at
 * all (section 2.2) become U+FFFD.
 */
function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(notXml, '\uFFFD')
    .replace(/[&<>"'\t\n\r]/g, (character) => references.get(character) ?? `&#${character.charCodeAt(0)};`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const notXml = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g

const references: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
])
