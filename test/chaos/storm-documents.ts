import assert from 'node:assert/strict'
import { Secret } from '@postern/program'
import { openNetworkAccess } from '../../packages/server/src/domain/network-access.ts'
import { defaultPlacement } from '../../packages/server/src/domain/resource-placement.ts'
import type { DocumentValues } from '../../packages/server/src/storage/document-kinds.ts'
import type { ResourceDocument, StoredDocument } from '../../packages/server/src/storage/resource-store.ts'
import type { Standing } from './check-storm.ts'

/** Rules of each document. */
const rulesEach = 3

/** With them a transaction of hundreds of writes outgrows SQLite's cache, and takes a while. */
const filler = 'x'.repeat(8000)

/** A hybrid connection that says its mark in every part of it. */
export function markedEntity(namespace: string, name: string, mark: string): ResourceDocument {
  return {
    kind: 'hybridConnection',
    value: {
      namespace,
      name,
      requiresClientAuthorization: true,
      userMetadata: `${mark} ${filler}`,
      rules: markedRules(mark),
      ...dates,
    },
  }
}

/** The same for a namespace. */
export function markedNamespace(name: string, mark: string): ResourceDocument {
  return {
    kind: 'namespace',
    value: {
      ...defaultPlacement,
      name,
      hosts: [`${mark} ${filler}`],
      isDefault: false,
      rules: markedRules(mark),
      network: openNetworkAccess,
      privateEndpointConnections: [],
      ingress: [],
      ...dates,
    },
  }
}

/** The mark of a document and its revision; fails when its parts do not belong together. */
export function standingOf({ key, revision, document }: StoredDocument): readonly [string, Standing] {
  assert.ok(document.kind === 'namespace' || document.kind === 'hybridConnection')
  const text = document.kind === 'namespace' ? document.value.hosts[0] : document.value.userMetadata
  const [mark = '', rest] = (text ?? '').split(' ')
  assert.equal(rest, filler, `${key} is cut off`)
  const keys = document.value.rules.flatMap((rule) => [rule.primaryKey.reveal(), rule.secondaryKey.reveal()])
  const expected = markedRules(mark).flatMap((rule) => [rule.primaryKey.reveal(), rule.secondaryKey.reveal()])
  assert.deepEqual(keys, expected, `${key} has keys of another write than ${mark}`)
  return [key, { mark, revision }]
}

const dates = { createdAt: new Date(1_700_000_000_000), updatedAt: new Date(1_700_000_000_000) }

type Rules = DocumentValues['namespace']['rules']

function markedRules(mark: string): Rules {
  return Array.from({ length: rulesEach }, (_, index) => ({
    name: `rule${index}`,
    rights: ['Listen' as const],
    primaryKey: new Secret(`${mark} primary ${index}`),
    secondaryKey: new Secret(`${mark} secondary ${index}`),
  }))
}
