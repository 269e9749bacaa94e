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
 * Reads what `encodeDocument` wrote, in this release or an earlier one.
 * @param key where it stood: secrets open only there
 * @throws {RelayError | ZodError} when it is damaged
 */
export function decodeDocument(key: string, text: string, sealer: KeySealer): ResourceDocument {
  const { kind, origin, value } = envelope.parse(JSON.parse(text))
  const opened = openFirstForm(openSecrets(value, key, sealer), key, sealer)
  return { kind, origin, value: documentKinds[kind].schema.parse(opened) } as ResourceDocument
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

function openSecrets(value: unknown, place: string, sealer: KeySealer): unknown {
  if (Array.isArray(value)) return value.map((item) => openSecrets(item, placeOfItem(place, item), sealer))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
  const [first] = entries
  if (entries.length === 1 && first?.[0] === sealedMember && typeof first[1] === 'string') {
    return new Secret(sealer.open(first[1], place))
  }
  return Object.fromEntries(
    entries.map(([escaped, member]) => {
      const name = unescapeName(escaped)
      return [name, openSecrets(member, `${place} ${name}`, sealer)]
    }),
  )
}

/** Strangers choose names of members (tags): theirs must not be taken for a sealed secret. */
function escapeName(name: string): string {
  return /^sealed_*$/.test(name) ? `${name}_` : name
}

function unescapeName(name: string): string {
  return /^sealed_+$/.test(name) ? name.slice(0, -1) : name
}

/** By name, not by position, so that the key of one rule cannot be put in the place of another's. */
function placeOfItem(place: string, item: unknown): string {
  const name = typeof item === 'object' && item !== null && 'name' in item ? String(item.name) : ''
  return `${place} ${name}`
}
