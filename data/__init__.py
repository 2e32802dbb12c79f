"""What comes with Stransfer: pictures, weights, and the programs that drew the styles."""
