import { basename, extname } from 'node:path'

/** How a program sees the endpoints where there are no namespaces. */
export type FallBack = 'node' | 'java'

/** Programs that are run by Node or by Java, and hand their environment on to it. */
const runtimes: Readonly<Record<FallBack, ReadonlySet<string>>> = {
  node: new Set(['node', 'nodejs', 'npm', 'npx', 'yarn', 'pnpm', 'tsx']),
  java: new Set(['java', 'javaw', 'mvn', 'gradle', 'catalina.sh']),
}

/** The fall-back that fits a program by its name. */
export function fallBackOf(program: string): FallBack | undefined {
  const name = basename(program)
  return runtimes.node.has(name) ? 'node' : runtimes.java.has(name) ? 'java' : undefined
}

/** The environment in which every Node program below loads our hook first, besides what it was told already. */
export function nodeEnvironment(env: NodeJS.ProcessEnv, hookUrl: string): NodeJS.ProcessEnv {
  // The hook as it stands in the repository finds the sources of its sister packages by this condition only.
  const condition = extname(hookUrl) === '.ts' ? ' --conditions=@postern/source' : ''
  return withOption(env, 'NODE_OPTIONS', `--import=${hookUrl}${condition}`)
}

/** The environment in which every Java program below knows the names of a hosts file, and no others. */
export function javaEnvironment(env: NodeJS.ProcessEnv, hostsFile: string): NodeJS.ProcessEnv {
  return withOption(env, 'JAVA_TOOL_OPTIONS', `-Djdk.net.hosts.file=${hostsFile}`)
}

function withOption(env: NodeJS.ProcessEnv, name: string, option: string): NodeJS.ProcessEnv {
  const before = env[name]
  // Both programs take a word in quotation marks whole.
  const word = /\s/.test(option) && !option.includes(' --') ? `"${option}"` : option
  return { ...env, [name]: before === undefined || before === '' ? word : `${before} ${word}` }
}

/** What to do where namespaces are forbidden; follows the reason. */
export const fallBackAdvice = [
  'Without namespaces: Node programs by --way node, or NODE_OPTIONS=--import=@postern/connector/register;',
  'Java programs by --way java, or JAVA_TOOL_OPTIONS=-Djdk.net.hosts.file=FILE with a hosts file;',
  'other programs by `connector --hosts` or `connector --dns` and an administrator.',
].join('\n')
