import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'

import { runBench } from '../processes/run-bench.ts'
import { writeTargetResults } from '../report/results-file.ts'
import { readRunDocument } from './run-document.ts'
import { targetTable } from './target-table.ts'
import { formatTargetsSection } from './targets-section.ts'

const usage = `usage: npm run bench:targets -- [options] RUN.json...

Says of complete runs what is wanted, what ours has, what the best of the others has, and whether that is enough. Measures nothing.

  --write            write the section into bench/results.md
  --results FILE     write the section into FILE
  --help             print this text

examples:
  npm run -s bench -- --peers bench/peers.example.json --rows all --repetitions 1 --json > run.json    a run, about an hour
  npm run bench:targets -- run.json                                                                    its table
  npm run bench:targets -- --write cubic.json bbr.json                                                 two runs in each cell
`

const benchFolder = dirname(import.meta.dirname)

async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      write: { type: 'boolean', default: false },
      results: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(usage)
  if (positionals.length === 0) throw new Error('Which runs? Name files that npm run bench -- --json has printed.')
  const section = formatTargetsSection(targetTable, positionals.map(readRunDocument))
  console.log(section)
  const file = values.results ?? (values.write ? join(benchFolder, 'results.md') : undefined)
  if (file === undefined) return
  writeTargetResults(file, section)
  console.error(`bench: wrote ${file}`)
}

await runBench(main)
