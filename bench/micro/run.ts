import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

import { runBench } from '../processes/run-bench.ts'

const ending = '.bench.ts'

/** What can be measured: a program each, named after its file. */
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(ending))
  .map((file) => file.slice(0, -ending.length))

const usage = `usage: npm run bench:micro -- NAME...

Measures one part alone with mitata. NAME is one of ${names.join(', ')}, or all.
`

async function main(args: readonly string[]): Promise<void> {
  if (args.length === 0 || args.includes('--help')) return console.log(usage)
  const unknown = args.find((name) => name !== 'all' && !names.includes(name))
  if (unknown !== undefined) throw new Error(`There is no '${unknown}' (known: ${names.join(', ')}, all).`)
  for (const name of args.includes('all') ? names : args) {
    console.log(`\n${name}`)
    // A process each: mitata runs all that its process knows, and the compiler remembers what ran before.
    const program = join(import.meta.dirname, `${name}${ending}`)
    const child = spawn(process.execPath, [...process.execArgv, program], { stdio: 'inherit' })
    process.once('exit', () => child.kill())
    const [code] = await once(child, 'exit')
    if (code !== 0) throw new Error(`${name} failed`)
  }
}

await runBench(main)
