// DeviceCodeCredential of @azure/identity as npm delivers it, and what the browser of a person sends for it.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { Secret } from '@postern/program'
import { startTestRelay, type TestRelay } from '@postern/testkit'
import { ClientProcess } from './client-process.ts'

let relay: TestRelay
let program: ClientProcess

before(async () => {
  relay = await startTestRelay()
  const { caPem } = relay.relay
  program = await ClientProcess.start('device-peer.cjs', { caPem: caPem ?? '', fixture: 'azure' })
})

after(async () => {
  program[Symbol.dispose]()
  await relay[Symbol.asyncDispose]()
})

interface Prompt {
  readonly userCode: string
  readonly verificationUri: string
  readonly message: string
}

async function signInAtPage({ userCode, verificationUri }: Prompt, password: string): Promise<string> {
  const { hostname, port, pathname, origin } = new URL(verificationUri)
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', Origin: origin }
  const ca = relay.relay.caPem ?? ''
  const request = httpsRequest({ hostname, port, path: pathname, method: 'POST', headers, ca, agent: false })
  request.end(new URLSearchParams({ user_code: userCode, action: 'allow', name: 'ann', password }).toString())
  const [response] = (await once(request, 'response')) as [NodeJS.ReadableStream]
  return await text(response)
}

async function whoHolds(token: string, plane: 'management' | 'data'): Promise<string> {
  const caller = await relay.relay.server.identity.tokens.verify(token, plane)
  return 'code' in caller ? caller.code : caller.name
}

test('a program waits for a person, and then gets tokens of both planes by its refresh token', async () => {
  const { directory } = relay.relay.server.identity
  const { id } = await directory.create({ kind: 'user', displayName: 'Ann', signInName: 'ann' })
  await directory.setPassword(id, new Secret('correct horse battery'))
  await program.call('open', { authorityHost: relay.relay.management, disableInstanceDiscovery: true })
  const waiting = program.call<string>('getToken', { scope: 'https://management.azure.com/.default' })
  const prompt = await program.next<Prompt>('prompt')
  assert.equal(prompt.verificationUri, `${relay.relay.management}/device`)
  assert.ok(prompt.message.includes(prompt.userCode))
  assert.match(await signInAtPage(prompt, 'correct horse battery'), /You are signed in/)
  assert.equal(await whoHolds(await waiting, 'management'), 'user:ann')
  const second = await program.call<string>('getToken', { scope: 'https://relay.azure.net/.default' })
  assert.equal(await whoHolds(second, 'data'), 'user:ann')
  assert.equal(program.count('prompt'), 0, 'nobody was asked again')
})

test('when its refresh token is worth nothing any more, the program asks the person again', async () => {
  const { directory } = relay.relay.server.identity
  await directory.setPassword(directory.findBySignInName('ann')?.id ?? '', new Secret('another long password'))
  const waiting = program.call<string>('getToken', { scope: 'https://relay.azure.net//.default' })
  const prompt = await program.next<Prompt>('prompt')
  assert.match(await signInAtPage(prompt, 'another long password'), /You are signed in/)
  assert.equal(await whoHolds(await waiting, 'data'), 'user:ann')
})

test('with tenant adfs nothing but the address is needed', async () => {
  await program.call('open', { tenantId: 'adfs', authorityHost: relay.relay.management })
  const waiting = program.call<string>('getToken', { scope: `${relay.relay.management}/.default` })
  const prompt = await program.next<Prompt>('prompt')
  assert.match(await signInAtPage(prompt, 'another long password'), /You are signed in/)
  assert.equal(await whoHolds(await waiting, 'management'), 'user:ann')
})
