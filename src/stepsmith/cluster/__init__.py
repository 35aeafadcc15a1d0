"""Work on a Ray cluster: an actor with a judge pool on every node. Ray is imported where a cluster is opened."""
