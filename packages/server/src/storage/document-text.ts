import { Secret } from '@postern/program'
import { isRight } from '@postern/protocol'
import { z } from 'zod'
import type { AuthorizationRule } from '../domain/authorization-rule.ts'
import type { KeySealer } from './key-sealer.ts'
import { documentKey, type ResourceDocument } from './resource-store.ts'

/** Writes a document as JSON for an engine that keeps text; the keys of its rules are sealed. */
export function encodeDocument(document: ResourceDocument, sealer: KeySealer): string {
  const owner = documentKey(document)
  const { rules, ...value } = document.value
  const sealedRules = rules.map((rule) => ({
    name: rule.name,
    rights: rule.rights,
    primaryKey: sealer.seal(rule.primaryKey.reveal(), keyPlace(owner, rule.name, 'primary')),
    secondaryKey: sealer.seal(rule.secondaryKey.reveal(), keyPlace(owner, rule.name, 'secondary')),
  }))
  return JSON.stringify({
    kind: document.kind,
    origin: document.origin ?? 'managed',
    value: { ...value, rules: sealedRules },
  })
}

/** Reads what `encodeDocument` wrote. `key` is where it stood. @throws {RelayError} InternalError when it is damaged. */
export function decodeDocument(text: string, sealer: KeySealer): ResourceDocument {
  const document = storedDocument.parse(JSON.parse(text))
  // The place that the keys were sealed to is made from names alone, so the rules can still be missing here.
  const owner = documentKey({ ...document, value: { ...document.value, rules: [] } } as ResourceDocument)
  const rules = document.value.rules.map((rule): AuthorizationRule => {
    const openKey = (sealed: string, which: KeyName): Secret =>
      new Secret(sealer.open(sealed, keyPlace(owner, rule.name, which)))
    return {
      name: rule.name,
      rights: rule.rights,
      primaryKey: openKey(rule.primaryKey, 'primary'),
      secondaryKey: openKey(rule.secondaryKey, 'secondary'),
    }
  })
  return { ...document, value: { ...document.value, rules } } as ResourceDocument
}

type KeyName = 'primary' | 'secondary'

function keyPlace(owner: string, rule: string, key: KeyName): string {
  return `${owner} rule ${rule} ${key} key`
}

const rule = z.object({
  name: z.string(),
  rights: z.array(z.string().refine(isRight)),
  primaryKey: z.string(),
  secondaryKey: z.string(),
})
const date = z.iso.datetime().transform((text) => new Date(text))
const origin = z.enum(['declared', 'managed'])

const storedDocument = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('namespace'),
    origin,
    value: z.object({
      name: z.string(),
      hosts: z.array(z.string()),
      isDefault: z.boolean(),
      rules: z.array(rule),
      createdAt: date,
      updatedAt: date,
    }),
  }),
  z.object({
    kind: z.literal('hybridConnection'),
    origin,
    value: z.object({
      namespace: z.string(),
      name: z.string(),
      requiresClientAuthorization: z.boolean(),
      userMetadata: z.string().exactOptional(),
      rules: z.array(rule),
      httpResponseTimeoutMs: z.number().exactOptional(),
      maxListeners: z.number().exactOptional(),
      createdAt: date,
      updatedAt: date,
    }),
  }),
])
