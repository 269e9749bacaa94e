"""Runs commands of the unmodified Azure CLI, one after the other, in one process: `az` alone takes seconds to start.

In: a line of JSON for each command, {"args": ["group", "list"]}. Out: a line {"code": 0, "out": "...", "err": "..."}.
"""

import io
import json
import os
import sys


class CurrentStream(io.TextIOBase):
    """Stands for sys.stdout or sys.stderr, because loggers keep the stream that they first saw."""

    def __init__(self):
        self.buffer_of_call = io.StringIO()

    def write(self, text):
        return self.buffer_of_call.write(text)

    def take(self):
        text = self.buffer_of_call.getvalue()
        self.buffer_of_call = io.StringIO()
        return text


replies = os.fdopen(os.dup(1), 'w')
sys.stdout, sys.stderr = out, err = CurrentStream(), CurrentStream()

from azure.cli.core import get_default_cli  # noqa: E402  (it must find the streams above)


def run(args):
    # As a new process would: cloud and configuration are read anew.
    cli = get_default_cli()
    try:
        code = cli.invoke(args, out_file=out)
    except SystemExit as end:
        code = end.code
    return {'code': code or 0, 'out': out.take(), 'err': err.take()}


def commands_below(groups):
    """Every command below some groups, as `az GROUP --help` would list them."""
    os.environ['AZURE_AAZ_FULL_LOAD'] = 'true'
    cli = get_default_cli()
    invoker = cli.invocation_cls(
        cli_ctx=cli, parser_cls=cli.parser_cls, commands_loader_cls=cli.commands_loader_cls, help_cls=cli.help_cls
    )
    cli.invocation = invoker
    found = set()
    for group in groups:
        table = invoker.commands_loader.load_command_table(group.split())
        found.update(name for name in table if name.startswith(group + ' '))
    os.environ.pop('AZURE_AAZ_FULL_LOAD')
    return {'code': 0, 'out': json.dumps(sorted(found)), 'err': err.take()}


for line in sys.stdin:
    request = json.loads(line)
    reply = commands_below(request['groups']) if 'groups' in request else run(request['args'])
    replies.write(json.dumps(reply) + '\n')
    replies.flush()
