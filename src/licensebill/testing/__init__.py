"""What users of the library need to test their own part: shipped with it, but imported by nothing in it.

* `stores`: what every store must do, for the tests of those who write one.
* `provider`: a stand-in for a payment provider, over HTTP on this machine; needs no test framework.
"""
