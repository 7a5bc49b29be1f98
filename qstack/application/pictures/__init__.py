"""Results and networks for people: tables and figures. Nothing here computes physics; `qstack.application.picture` is the door."""
