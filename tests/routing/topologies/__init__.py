"""Tests of networks by reference."""
