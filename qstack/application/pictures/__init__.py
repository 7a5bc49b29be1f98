"""Results and networks for people: tables and figures. `qstack.application.picture` is the door; no physics enters."""
