import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { createWholeCli } from '../../create-cli.ts'
import { bashCompletion } from './bash.ts'
import { commandTree } from './command-tree.ts'
import { fishCompletion } from './fish.ts'
import { zshCompletion } from './zsh.ts'

const tree = commandTree(await createWholeCli())

/** What bash would offer where the last word is typed. */
async function complete(t: TestContext, ...words: readonly string[]): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-completion-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'postern.bash')
  writeFileSync(file, bashCompletion(tree))
  // The function that `complete` registered is found as a shell would find it.
  const script = `source "$0"
compopt() { :; }
read -ra registered <<< "$(complete -p postern)"
COMP_WORDS=(postern "$@")
COMP_CWORD=$#
"\${registered[2]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
  const { stdout } = await promisify(execFile)('bash', ['-c', script, file, ...words], { timeout: 30_000 })
  return stdout.split('\n').filter((line) => line !== '')
}

describe('completion in bash', () => {
  test('offers commands, then what is below them, then flags and their choices', async (t) => {
    assert.deepEqual(await complete(t, 'gr'), ['group'])
    assert.ok((await complete(t, '')).includes('login'))
    assert.deepEqual(await complete(t, 'relay', 'hyco', 'authorization-rule', 'k'), ['keys'])
    assert.deepEqual(await complete(t, 'relay', 'hyco', 'create', '--na'), ['--name', '--namespace-name'])
    assert.deepEqual(await complete(t, 'group', 'list', '-o', 't'), ['table', 'tsv'])
    assert.deepEqual(await complete(t, 'relay', 'namespace', 'authorization-rule', 'keys', 'renew', '--key', 'S'), [
      'SecondaryKey',
    ])
  })

  test('flags that stand before, and values of flags, do not lead astray', async (t) => {
    assert.deepEqual(await complete(t, 'group', 'show', '-n', 'relay', '--subs'), ['--subscription'])
    assert.deepEqual(await complete(t, 'group', 'show', '-n', ''), [])
    assert.deepEqual(await complete(t, 'nonsense', 'x'), [])
  })
})

test('the scripts of the other shells have every command and every flag', () => {
  for (const [script, quoteInQuotes] of [
    [zshCompletion(tree), "'\\''"],
    [fishCompletion(tree), "\\'"],
  ] as const) {
    for (const { words, subcommands, flags } of tree) {
      assert.ok(script.includes(`'${words}'`), words)
      for (const { name } of subcommands) assert.ok(script.includes(name), name)
      for (const { names } of flags) assert.ok(script.includes((names.at(-1) ?? '').replace(/^--/, '')), names.join())
    }
    for (const line of script.split('\n')) {
      assert.equal(line.replaceAll(quoteInQuotes, '').split("'").length % 2, 1, `a quote is left open: ${line}`)
    }
  }
})
