"""What users of the library need to test their own part: shipped with it, but imported by nothing in it.

* `provider`: a stand-in for a payment provider, over HTTP on this machine; needs no test framework.
"""
