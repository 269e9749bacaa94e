import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Secret } from '@postern/program'
import { z } from 'zod'
import { documentKinds } from '../document-kinds.ts'
import { everyKind } from '../resource-store.contract.ts'
import type { ResourceDocument } from '../resource-store.ts'
import { SqliteStore } from './sqlite-store.ts'

test('no secret of any kind of document stands readable in any file of the data folder', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'postern-sealed-'))
  t.after(() => rm(dataDir, { recursive: true }))
  const secrets: string[] = []
  const written = everyKind.map((document) => withFreshSecrets(document, secrets) as ResourceDocument)
  const masterKey = new Secret(randomBytes(32).toString('base64'))
  const store = await SqliteStore.open({ dataDir, masterKey })
  // Twice, so that the bodies before are there too: replaced in the database, or in its log.
  for (const document of [...written, ...written]) await store.put(document)
  const whileOpen = await readFolder(dataDir)
  await store.close()
  for (const files of [whileOpen, await readFolder(dataDir)]) {
    // The search would find what is readable.
    assert.ok([...files.values()].some((bytes) => bytes.includes('"relayArmUri":"/r"')))
    for (const [name, bytes] of files) {
      for (const secret of [...secrets, masterKey.reveal()]) {
        for (const form of [secret, ...encodings(secret)]) assert.ok(!bytes.includes(form), `${form} in ${name}`)
      }
    }
  }
})

test('the documents of this guard have every secret that the table of kinds knows', () => {
  for (const [kind, { schema }] of Object.entries(documentKinds)) {
    const known = secretMembers(schema)
    const sample = everyKind.filter((document) => document.kind === kind)
    const secrets: string[] = []
    withFreshSecrets(sample, secrets)
    assert.ok(secrets.length >= known, `${kind} has ${known} secret members, its example ${secrets.length} secrets`)
  }
})

/** The same value with random texts for its secrets, which are added to `secrets`. */
function withFreshSecrets(value: unknown, secrets: string[]): unknown {
  if (value instanceof Secret) {
    const text = randomBytes(16).toString('hex')
    secrets.push(text)
    return new Secret(text)
  }
  if (Array.isArray(value)) return value.map((item) => withFreshSecrets(item, secrets))
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withFreshSecrets(member, secrets)]))
}

async function readFolder(folder: string): Promise<ReadonlyMap<string, Buffer>> {
  const names = await readdir(folder)
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name))] as const)))
}

function encodings(secret: string): string[] {
  const bytes = Buffer.from(secret)
  return [bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')]
}

/** How many members of a schema read a secret. */
function secretMembers(schema: z.ZodType): number {
  const sum = (schemas: readonly unknown[]): number =>
    schemas.reduce((total: number, each) => total + secretMembers(each as z.ZodType), 0)
  if (schema instanceof z.ZodObject) return sum(Object.values(schema.shape))
  if (schema instanceof z.ZodArray) return sum([schema.element])
  if (schema instanceof z.ZodRecord) return sum([schema.valueType])
  if (schema instanceof z.ZodDiscriminatedUnion || schema instanceof z.ZodUnion) return sum(schema.options)
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional) return sum([schema.unwrap()])
  return schema instanceof z.ZodCustom ? 1 : 0
}
