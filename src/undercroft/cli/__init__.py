"""The command line: one file a verb, thin. A verb module has ``SUMMARY``, ``configure(parser)`` and ``run(args)``; it is found by being here."""
