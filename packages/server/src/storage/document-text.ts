import { Secret } from '@postern/program'
import { z } from 'zod'
import { documentKinds } from './document-kinds.ts'
import { openFirstForm } from './first-form.ts'
import type { KeySealer } from './key-sealer.ts'
import { documentKey, type ResourceDocument } from './resource-store.ts'

/** Writes a document as JSON for an engine that keeps text; every secret in it is sealed to its place. */
export function encodeDocument(document: ResourceDocument, sealer: KeySealer): string {
  const { kind, origin = 'managed' } = document
  return JSON.stringify({ kind, origin, value: sealSecrets(document.value, documentKey(document), sealer) })
}

/**
 * Reads what `encodeDocument` wrote, in this release or an earlier one. Secrets are opened when they are first wanted: to
 * open those of 10,000 documents takes longer than everything else that a relay does when it starts.
 * @param key where it stood: secrets open only there
 * @throws {RelayError | ZodError} when it is damaged; a damaged secret throws when it is revealed
 */
export function decodeDocument(key: string, text: string, sealer: KeySealer): ResourceDocument {
  const { kind, origin, value } = envelope.parse(JSON.parse(text))
  const opened = openFirstForm(openSecrets(value, key, sealer), key, sealer)
  return { kind, origin, value: documentKinds[kind].schema.parse(opened) } as ResourceDocument
}

/** Opens every secret. @throws {RelayError} InternalError when one does not open */
export function openEverySecret(value: unknown): void {
  if (value instanceof Secret) value.reveal()
  else if (typeof value === 'object' && value !== null)
    for (const member of Object.values(value)) openEverySecret(member)
}

const envelope = z.object({
  kind: z.enum(Object.keys(documentKinds) as (keyof typeof documentKinds)[]),
  origin: z.enum(['declared', 'managed']),
  value: z.unknown(),
})

/** What stands for a secret in the text: an object with this one member. */
const sealedMember = 'sealed'

function sealSecrets(value: unknown, place: string, sealer: KeySealer): unknown {
  if (value instanceof Secret) return { [sealedMember]: sealer.seal(value.reveal(), place) }
  if (Array.isArray(value)) return value.map((item) => sealSecrets(item, placeOfItem(place, item), sealer))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [escapeName(name), sealSecrets(member, `${place} ${name}`, sealer)]),
  )
}

/** Puts secrets in the places of what stands for them. The value is what JSON was read to a moment ago: it is altered. */
function openSecrets(value: unknown, place: string, sealer: KeySealer): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) value[index] = openSecrets(item, placeOfItem(place, item), sealer)
    return value
  }
  const names = Object.keys(value)
  if (names.length === 1 && 'sealed' in value && typeof value.sealed === 'string') {
    const { sealed } = value
    return new Secret(() => sealer.open(sealed, place))
  }
  const members = value as Record<string, unknown>
  for (const name of names) {
    const member = members[name]
    if (typeof member === 'object' && member !== null) members[name] = openSecrets(member, `${place} ${name}`, sealer)
  }
  return names.some(isEscaped) ? unescapeNames(members) : members
}

/** Strangers choose names of members (tags): theirs must not be taken for a sealed secret. */
function escapeName(name: string): string {
  return /^sealed_*$/.test(name) ? `${name}_` : name
}

function isEscaped(name: string): boolean {
  return name.startsWith('sealed') && /^sealed_+$/.test(name)
}

function unescapeNames(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [isEscaped(name) ? name.slice(0, -1) : name, member]),
  )
}

/** By name, not by position, so that the key of one rule cannot be put in the place of another's. */
function placeOfItem(place: string, item: unknown): string {
  const name = typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : ''
  return `${place} ${name}`
}
