"""`mien-desk analyze`: the desk's path over recorded videos and pictures, and a report of what was counted."""
