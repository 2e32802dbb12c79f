"""The pages, one blueprint a module; none of them imports another."""
