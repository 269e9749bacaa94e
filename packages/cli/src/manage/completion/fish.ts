import type { CommandNode } from './command-tree.ts'

/** A completion script for fish: `postern completion fish > ~/.config/fish/completions/postern.fish`. */
export function fishCompletion(tree: readonly CommandNode[]): string {
  const paths = tree.map(({ words }) => words).filter((words) => words !== '')
  const lines = tree.flatMap(({ words, subcommands, flags }) => {
    const here = `-n ${quote(`__postern_at ${quote(words)}`)}`
    return [
      ...subcommands.map(({ name, summary }) => `complete -c postern -f ${here} -a ${name} -d ${quote(summary)}`),
      ...flags.map(({ names, help, takesValue, choices }) => {
        const spelt = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
        const value = choices.length > 0 ? ` -x -a ${quote(choices.join(' '))}` : takesValue ? ' -r' : ''
        return `complete -c postern ${here} ${spelt.join(' ')}${value} -d ${quote(help)}`
      }),
    ]
  })
  return `# fish completion for postern: postern completion fish > ~/.config/fish/completions/postern.fish
function __postern_at
    set -l at ''
    set -l typed (commandline -opc)
    for word in $typed[2..-1]
        set -l next (string trim -- "$at $word")
        contains -- "$next" ${paths.map(quote).join(' ')}; and set at $next
    end
    test "$at" = "$argv[1]"
end
complete -c postern -f
${lines.join('\n')}
`
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
