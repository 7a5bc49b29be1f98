"""qstack: write a quantum-network protocol once, run it on simulators, cloud QPUs or live nodes."""
