import { RelayError } from '@postern/protocol'

/** One thing that is wrong with declared resources. */
export interface DeclarationProblem {
  /** Where, as keys and positions from the top: `['namespaces', 0, 'name']`. */
  readonly path: readonly PropertyKey[]
  /** The key itself is wrong, not what it holds. */
  readonly isKey?: boolean
  /** What is wrong and what to write instead. */
  readonly message: string
}

/** Gives the place of a problem in its source, such as `resources.yaml:3:7`; empty when there is no source text. */
export type Locate = (problem: DeclarationProblem, index: number) => string

/** Says every problem in one error, a line each: `resources.yaml:3:7: namespaces[0].name: must be ...`. */
export function invalidDeclaration(problems: readonly DeclarationProblem[], locate?: Locate): RelayError {
  return new RelayError('InvalidConfiguration', { message: problemLines(problems, locate).join('\n'), help })
}

const help =
  'Correct the keys that are named: they are of the resources file, which docs/guide/resources-file.md explains; with docs/reference/resources.schema.json an editor does so while you write.'

/** A line for each problem. */
export function problemLines(problems: readonly DeclarationProblem[], locate: Locate = () => ''): readonly string[] {
  const lines = problems.slice(0, maxShownProblems).map((problem, index) => {
    const parts = [locate(problem, index), formatPath(problem.path), problem.message]
    return parts.filter((part) => part !== '').join(': ')
  })
  if (problems.length > lines.length) lines.push(`... and ${problems.length - lines.length} more`)
  return lines
}

function formatPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`
    else text += `${text && '.'}${formatKey(String(part))}`
  }
  return text
}

/** Keys come from the file as they are: none may begin a new line or fill the screen. */
function formatKey(key: string): string {
  const shown = key.length > maxShownKey ? `${key.slice(0, maxShownKey)}…` : key
  return /^[\w$-]+$/.test(key) ? shown : JSON.stringify(shown).replace(/[\p{C}\u2028\u2029]/gu, '?')
}

const maxShownKey = 60

/** More are not read, and each is looked for in the whole text. */
const maxShownProblems = 50
